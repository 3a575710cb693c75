export { agreedTime } from './agreed-time';
export { Cursor, type Position } from './cursor';
export {
  type DeadLetteredAlert,
  DeadLetteredAlerts,
  type DeadLetteredAlertsState,
  type DeliveredSince,
} from './dead-lettered-alerts';
export { DeliveredMarkers } from './delivered-markers';
export { LaneClaims } from './lane-claims';
export { LastDeliveries, type RecordedDelivery } from './last-deliveries';
export { type LastDelivery } from './last-delivery-record';
export { Lease, type LeaseHolder, type LeaseOptions } from './lease';
export { type Log } from './log';
export { PausedDestinations } from './paused-destinations';
export { SeenEntries } from './seen-entries';
export { Store, type StoreOptions, type StoreState } from './store';
export { StoreError, type StoreFailure } from './store-error';
