export { AdminServer, type Readiness } from './admin';
export { metricsVariables } from './admin-variables';
export {
  ConfigurationError,
  type ConfigurationOf,
  type Environment,
  EXIT_CONFIGURATION,
  readConfiguration,
  type Variables,
} from './configuration';
export { type DestinationsFileOptions, openDestinationsFile, webhooksFile } from './destinations-file';
export { type Destinations, openDestinations } from './destinations';
export { createLogger, type Fields, type Logger, type LogLevel } from './logger';
export { bearerTokenIn, tokenDigest } from './bearer-token';
export { maskKey, maskSecrets } from './mask';
export { type App, type Context, runService, type Service } from './run';
export { type MeteredScrubber, meteredScrubber, type MeteredScrubberOptions } from './metered-scrubber';
export {
  configuredScrubber,
  type ScrubConfiguration,
  scrubberWith,
  type ScrubSettings,
  scrubSettings,
  scrubVariables,
} from './scrubbing';
export { openSendingDestinations, type SendingDestinations, sendingVariables } from './sending-destinations';
export { type ProxyFormat, proxyVariables } from './proxy-variables';
export { digestVariables, type NameDigest, nameDigest, warnOfPlainDigests } from './name-digest';
export {
  historyVariables,
  JOURNAL_TEXTS,
  type JournalText,
  journalLimitVariables,
  journalVariables,
} from './journal-variables';
export { retentionVariables } from './retention-variables';
export {
  authoritiesOf,
  brokerOf,
  brokerVariables,
  listenVariables,
  queueVariables,
  redisOf,
  redisVariables,
  type ServerAddress,
} from './server-variables';
export { quarantineFolderOf, spoolRootOf, spoolVariables } from './spool-variables';
export { certificates, choice, custom, flag, integer, limit, port, secret, text, url, type Variable } from './variable';
export { type FileContent, type ParsedFile, type Sources, WatchedFile, type WatchedFileOptions } from './watched-file';
export { webhookVariables } from './webhook-variables';
