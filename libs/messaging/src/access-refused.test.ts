import { accessRefusalIn } from './access-refused';

const REFUSED = `access to exchange 'pdaltagent.events' in vhost '/' refused for user 'gateway'`;

it.each([
  [`Operation failed: ExchangeDeclare; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - ${REFUSED}"`, 'configure'],
  [`Operation failed: QueueBind; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - ${REFUSED}"`, 'read'],
  [`Operation failed: QueueDeclare; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - ${REFUSED}"`, 'write'],
  [`Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - ${REFUSED}"`, 'write'],
  // RabbitMQ 3.11 and later.
  [`Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - read ${REFUSED}"`, 'read'],
])('names the user, the exchange and the missing permission: %s', (message, permission) => {
  expect(accessRefusalIn(new Error(message))?.message).toBe(
    `user 'gateway' of RabbitMQ may not ${permission} the exchange 'pdaltagent.events' in the virtual host '/': ` +
      '`pdaltagent setup` grants it to the users of the services',
  );
});

it.each([
  ['BasicConsume', 'read'],
  ['BasicGet', 'read'],
  ['QueueDeclare', 'configure'],
  ['QueueBind', 'write'],
])('knows which permission of a queue %s needs', (operation, permission) => {
  const refused = `ACCESS_REFUSED - access to queue 'lane' in vhost 'relay' refused for user 'worker'`;
  const error = new Error(`Operation failed: ${operation}; 403 (ACCESS-REFUSED) with message "${refused}"`);
  expect(accessRefusalIn(error)).toMatchObject({ permission, object: "queue 'lane'", virtualHost: 'relay' });
});

it('is not what a wrong password, or a missing queue, is reported as', () => {
  const login =
    'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused"';
  expect(accessRefusalIn(new Error(login))).toBeUndefined();
  const missing = `Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue 'lane' in vhost '/'"`;
  expect(accessRefusalIn(new Error(missing))).toBeUndefined();
});
