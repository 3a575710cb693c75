import { main } from './main';
import { pdZabbix } from './pd-zabbix/command';

main(pdZabbix);
