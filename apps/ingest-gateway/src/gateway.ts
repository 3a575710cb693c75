import { type Clock, type Random, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Logger } from '@pdaltagent/service';
import { type Registry } from 'prom-client';
import { AccessControl } from './access-control';
import { Admission } from './admission';
import { BodyMemory } from './body-memory';
import { Certificate } from './certificate';
import { type Configuration } from './configuration';
import { ConnectionQuota } from './connection-quota';
import { ForwardHeaders } from './forward-headers';
import { Metrics } from './metrics';
import { IngestPipeline, type IngestPipelineOptions } from './ingest-pipeline';
import { type LIMITS, Listener, type ListenerOptions } from './listener';
import { OutcomeRecorder } from './outcome-recorder';
import { type EventSink, type Scrub } from './ports';
import { requestClasses } from './request-classes';
import { RequestRate } from './request-rate';
import { createRoutes } from './routes';

/** How long requests may take to finish during a stop before their connections are closed; milliseconds. */
const STOP_GRACE_MS = 10_000;

export interface GatewayOptions {
  readonly configuration: Pick<
    Configuration,
    | 'listenAddress'
    | 'httpPort'
    | 'httpsPort'
    | 'tlsCertificate'
    | 'tlsKey'
    | 'tlsClientAuthorities'
    | 'tlsClientRevocations'
    | 'tlsCiphers'
    | 'tlsNames'
    | 'stateFolder'
    | 'strict'
    | 'trustedProxies'
    | 'senderRate'
    | 'senderConnections'
  >;
  readonly sink: EventSink;
  /** Events that may wait concurrently to become durable; more are answered 503. */
  readonly maximumEvents: number;
  readonly scrub?: Scrub | undefined;
  readonly onAccepted?: IngestPipelineOptions['onAccepted'];
  /** Who may send; undefined: anybody, but no page of another site. */
  readonly access?: AccessControl | undefined;
  /** Which headers of vendors are forwarded; undefined: those that PagerDuty's integrations read. */
  readonly forwardHeaders?: ForwardHeaders | undefined;
  /** Other time and size limits than those of the listeners. */
  readonly limits?: Partial<typeof LIMITS>;
  readonly certificatePollMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger: Logger;
  readonly metrics: Registry;
}

/** Everything between the senders and the sink: servers, limits, routes, ingest pipeline. */
export class Gateway {
  readonly #configuration: GatewayOptions['configuration'];
  readonly #logger: Logger;
  readonly #certificate: Certificate;
  readonly #createListener: (options: ListenerOptions) => Listener;
  readonly #clock: Clock;
  readonly #memory = new BodyMemory();
  #unwatch: () => void = () => undefined;
  #listeners: Listener[] = [];

  constructor({
    configuration,
    sink,
    maximumEvents,
    access = new AccessControl(),
    forwardHeaders = new ForwardHeaders(),
    scrub,
    onAccepted,
    limits,
    certificatePollMs,
    clock = SYSTEM_CLOCK,
    random,
    logger,
    metrics,
  }: GatewayOptions) {
    const listenerDefaults = limits === undefined ? {} : { limits };
    this.#configuration = configuration;
    this.#logger = logger;
    this.#clock = clock;
    const admission = new Admission(maximumEvents);
    const outcomes = new OutcomeRecorder(new Metrics(metrics, admission, () => access.tokenNames), logger, clock);
    const { strict } = configuration;
    const pipeline = new IngestPipeline({ sink, admission, strict, scrub, onAccepted, clock, random });
    const routes = createRoutes({
      pipeline,
      memory: this.#memory,
      outcomes,
      access,
      forwardHeaders,
      rate: new RequestRate(configuration.senderRate, clock),
      clock,
    });
    const connections = new ConnectionQuota({
      maximum: configuration.senderConnections,
      exempt: configuration.trustedProxies,
      onRefused: () => outcomes.recordRefusal('connections'),
    });
    const classes = requestClasses(routes.app);
    this.#createListener = (options) =>
      new Listener(routes.handle, classes, {
        ...options,
        ...listenerDefaults,
        clock,
        connections,
        onMalformed: () => outcomes.recordRefusal('malformed'),
        onUntrusted: () => outcomes.recordRefusal('client-certificate'),
      });
    this.#certificate = new Certificate({
      configured: { certificate: configuration.tlsCertificate, key: configuration.tlsKey },
      stateFolder: configuration.stateFolder,
      names: configuration.tlsNames,
      clientAuthorities: configuration.tlsClientAuthorities,
      clientRevocations: configuration.tlsClientRevocations,
      ciphers: configuration.tlsCiphers,
      log: logger,
      clock,
      ...(certificatePollMs === undefined ? {} : { pollMs: certificatePollMs }),
    });
  }

  /**
   * Opens the ports; 0 disables one.
   * @returns the ports it listens on
   * @throws Error that names the variable if a port is in use or a certificate cannot be used
   */
  async start(): Promise<{ http?: number; https?: number }> {
    const { httpPort, httpsPort } = this.#configuration;
    this.#unwatch = this.#memory.watch(this.#clock);
    try {
      const ports = {
        ...(httpPort === 0 ? {} : { http: await this.#open(httpPort, 'PDAGENTD_HTTP_PORT') }),
        ...(httpsPort === 0 ? {} : { https: await this.#openSecure(httpsPort) }),
      };
      this.#logger.info('accepting events', ports);
      return ports;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Accepts no new connections, answers pending requests, and closes connections that do not end in time. */
  async stop(): Promise<void> {
    this.#certificate.unwatch();
    const listeners = this.#listeners;
    const cancelGrace = this.#clock.after(STOP_GRACE_MS, () =>
      listeners.forEach((listener) => listener.closeConnections()),
    );
    await Promise.all(listeners.map((listener) => listener.stop()));
    cancelGrace();
    this.#unwatch();
    this.#listeners = [];
  }

  async #open(port: number, variable: string): Promise<number> {
    return this.#listen(this.#createListener({ port, address: this.#configuration.listenAddress, variable }));
  }

  async #openSecure(port: number): Promise<number> {
    const listener = this.#createListener({
      port,
      address: this.#configuration.listenAddress,
      variable: 'PDAGENTD_HTTPS_PORT',
      tls: await this.#certificate.load(),
    });
    if (listener.secureServer !== undefined) this.#certificate.watch(listener.secureServer);
    return this.#listen(listener);
  }

  #listen(listener: Listener): Promise<number> {
    this.#listeners.push(listener);
    return listener.start();
  }
}
