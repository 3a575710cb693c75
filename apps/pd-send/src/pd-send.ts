import { main } from './main';
import { pdSend } from './pd-send/command';

main(pdSend);
