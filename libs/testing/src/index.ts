export { AppProcess, formatLogLine, type LogLine, startApp, type StartAppOptions } from './app-process';
export { connectToBroker } from './connect-to-broker';
export { cleanEnvironment } from './clean-environment';
export { type Fault, FaultProxy } from './fault-proxy';
export { FuzzedConnection, type FuzzedResponse } from './fuzzed-connection';
export { expectedBody, fuzzedRequests, type FuzzedRequest, withoutGeneratedKey } from './fuzzed-request';
export { type Exit, type GuardedProcess, startGuarded } from './guarded-process';
export { Ledger, type LedgerEntry, type LedgerReport } from './ledger';
export { freePort, isPortFree } from './ports';
export { listeningAddresses, LOOPBACK, processesOf } from './processes';
export { hasJournal, JournalTap, type TappedFact } from './journal-tap';
export { type InjectedFault, LogEntriesServer, type ServedEntry } from './log-entries-server';
export { ManualClock } from './manual-clock';
export { type RecordedLine, recordingLogger } from './recording-logger';
export { type ClusterOptions, type RabbitMQCluster, reconnectedPeers, startRabbitMQCluster } from './rabbitmq-cluster';
export { RedisPair } from './redis-pair';
export { openRunFolder, type RunFolder } from './run-folder';
export { TestAuthority } from './test-authority';
export {
  type CertificateFiles,
  type RabbitMQ,
  type Redis,
  type RedisOptions,
  type Server,
  type ServerOptions,
} from './server';
export { INSTALL_INSTRUCTIONS, ServersMissing, startRabbitMQ, startRedis } from './servers';
export { testServers, type TestServers } from './test-servers';
export { prepareTools, type Tool, toolPath } from './tools';
export { waitUntil, type WaitOptions } from './wait-until';
export { localFolder, workspaceRoot } from './workspace';
export { type PrepareOptions, prepareServers } from './prepare-servers';
