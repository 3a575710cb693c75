import path from 'node:path';
import { searchPath } from './binaries';

export interface RabbitMQLayout {
  folder: string;
  /** Name of the Erlang node. */
  nodeName: string;
  /** Erlang's distribution port, through which rabbitmqctl connects to the broker. */
  distributionPort: number;
  epmdPort: number;
}

const LOOPBACK_ONLY = '-kernel inet_dist_use_interface {127,0,0,1}';

/** Additional arguments for the broker's virtual machine; the mark identifies it in the process list. */
export function beamArguments(layout: RabbitMQLayout): { text: string; mark: string } {
  // The scripts split the arguments at spaces, so the folder is encoded.
  const mark = `-private_server ${encodeURI(layout.folder)}`;
  return { text: `${LOOPBACK_ONLY} ${mark}`, mark };
}

/**
 * The complete environment of a private RabbitMQ: every path and port that the scripts, the broker or rabbitmqctl would
 * otherwise take from /etc, /var or the user's home (https://www.rabbitmq.com/docs/configure#environment-variables).
 */
export function rabbitMQEnvironment(layout: RabbitMQLayout): NodeJS.ProcessEnv {
  const inFolder = (name: string): string => path.join(layout.folder, name);
  return {
    PATH: searchPath(),
    LANG: 'C.UTF-8',
    TMPDIR: inFolder('home'),
    HOME: inFolder('home'),
    ERL_EPMD_PORT: String(layout.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: layout.nodeName,
    RABBITMQ_DIST_PORT: String(layout.distributionPort),
    RABBITMQ_CTL_DIST_PORT_MIN: String(layout.distributionPort + 20_000),
    RABBITMQ_CTL_DIST_PORT_MAX: String(layout.distributionPort + 20_020),
    RABBITMQ_CTL_ERL_ARGS: LOOPBACK_ONLY,
    RABBITMQ_CONF_ENV_FILE: inFolder('rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: inFolder('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: inFolder('advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: inFolder('enabled_plugins'),
    RABBITMQ_MNESIA_BASE: layout.folder,
    RABBITMQ_MNESIA_DIR: inFolder('data'),
    RABBITMQ_LOG_BASE: inFolder('log'),
    RABBITMQ_PID_FILE: inFolder('rabbitmq.pid'),
    RABBITMQ_GENERATED_CONFIG_DIR: inFolder('generated'),
    RABBITMQ_SCHEMA_DIR: inFolder('schema'),
    RABBITMQ_PLUGINS_EXPAND_DIR: inFolder('plugins'),
    RABBITMQ_FEATURE_FLAGS_FILE: inFolder('feature_flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: beamArguments(layout).text,
    // The script then replaces itself with the broker, so that the process id stays the same.
    detached: 'true',
  };
}
