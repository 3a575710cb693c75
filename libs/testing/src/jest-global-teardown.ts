export { removeTestServers as default } from './jest-global-setup';
