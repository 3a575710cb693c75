import { main } from './main';
import { pdSensu } from './pd-sensu/command';

main(pdSensu);
