/** A permission of a RabbitMQ user, as `rabbitmqctl set_permissions` names it. */
export type Permission = 'configure' | 'write' | 'read';

/** AMQP 0-9-1, "reply codes". */
export const ACCESS_REFUSED = 403;

/** RabbitMQ's words; it names the permission only since 3.11. */
const REFUSED =
  /(?:(configure|write|read) )?access to (exchange|queue) '([^']*)' in vhost '([^']*)' refused for user '([^']*)'/;

/** Of what amqplib asked for. Without an operation the broker closed the channel because of a published message. */
const NEEDED: Readonly<Record<string, Permission>> = {
  ExchangeDeclare: 'configure',
  QueueDeclare: 'configure',
  QueueDelete: 'configure',
  BasicConsume: 'read',
  BasicGet: 'read',
  QueuePurge: 'read',
};

/** The user of the connection lacks a permission. The message names it, and what grants it. */
export class AccessRefused extends Error {
  readonly code = ACCESS_REFUSED;

  constructor(
    readonly user: string,
    readonly permission: Permission,
    readonly object: string,
    readonly virtualHost: string,
  ) {
    super(
      `user '${user}' of RabbitMQ may not ${permission} the ${object} in the virtual host '${virtualHost}': ` +
        '`pdaltagent setup` grants it to the users of the services',
    );
    this.name = 'AccessRefused';
  }
}

/** What the broker refused, if that is what the error is; undefined for any other error, such as a wrong password. */
export function accessRefusalIn(error: unknown): AccessRefused | undefined {
  if (error instanceof AccessRefused) return error;
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const [, named, kind, object, virtualHost = '', user = ''] = REFUSED.exec(message) ?? [];
  if (kind === undefined || object === undefined) return undefined;
  const operation = /Operation failed: (\w+);/.exec(message)?.[1];
  return new AccessRefused(user, permissionOf(named, kind, operation), `${kind} '${object}'`, virtualHost);
}

function permissionOf(named: string | undefined, kind: string, operation: string | undefined): Permission {
  if (named === 'configure' || named === 'write' || named === 'read') return named;
  // A binding needs to read from the exchange and to write to the queue; dead-lettering, to write to the exchange.
  if (operation === 'QueueBind' || operation === 'QueueUnbind') return kind === 'exchange' ? 'read' : 'write';
  if (operation === 'QueueDeclare' && kind === 'exchange') return 'write';
  return NEEDED[operation ?? ''] ?? 'write';
}
