import { main } from './main';
import { pdNagios } from './pd-nagios/command';

main(pdNagios);
