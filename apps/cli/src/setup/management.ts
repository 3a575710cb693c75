import { type Permissions } from '@pdaltagent/operations';
import axios, { type AxiosInstance, isAxiosError } from 'axios';
import { Agent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { z } from 'zod';
import { CliError } from '../terminal';
import { type Credentials } from './configuration';

const TIMEOUT_MS = 10_000;

const named = z.array(z.object({ name: z.string() }));
const userSchema = z.object({
  password_hash: z.string().default(''),
  hashing_algorithm: z.string().default(''),
  // RabbitMQ before 3.9: one text.
  tags: z
    .union([z.array(z.string()), z.string()])
    .transform((tags) => (typeof tags === 'string' ? tags.split(',') : tags)),
});
const permissionsSchema = z.object({ configure: z.string(), write: z.string(), read: z.string() });
const bindingsSchema = z.array(z.object({ destination: z.string(), routing_key: z.string() }));

export type StoredUser = z.infer<typeof userSchema>;

export interface ManagementOptions {
  readonly url: string;
  /** In PEM, to trust in addition to Node's own. */
  readonly authorities: readonly string[];
  readonly administrator: Credentials;
  readonly virtualHost: string;
}

/** RabbitMQ's management HTTP API, of one virtual host (https://www.rabbitmq.com/docs/management#http-api). */
export class Management {
  readonly #client: AxiosInstance;
  readonly #options: ManagementOptions;

  constructor(options: ManagementOptions) {
    this.#options = options;
    const { url, authorities, administrator } = options;
    this.#client = axios.create({
      baseURL: `${url}/api/`,
      timeout: TIMEOUT_MS,
      // RabbitMQ is inside, proxies are for PagerDuty and webhooks.
      proxy: false,
      maxRedirects: 0,
      auth: { username: administrator.name, password: administrator.password },
      httpsAgent: new Agent(authorities.length === 0 ? {} : { ca: [...rootCertificates, ...authorities] }),
      validateStatus: () => true,
    });
  }

  /** @throws CliError unless the API can be used, by a user who may manage users */
  async requireAdministrator(): Promise<void> {
    const { name } = this.#options.administrator;
    const { tags } = z.looseObject({ tags: userSchema.shape.tags }).parse(await this.#get('whoami'));
    if (!tags.map((tag) => tag.trim()).includes('administrator'))
      throw new CliError(
        `user "${name}" of RabbitMQ is no administrator, and cannot set up users: use one in PDAGENTD_AMQP_URL or ` +
          `PDAGENTD_MANAGEMENT_URL, or run \`rabbitmqctl set_user_tags ${name} administrator\``,
      );
  }

  async exchanges(): Promise<ReadonlySet<string>> {
    return new Set(named.parse(await this.#get(`exchanges/${this.#host}?columns=name`)).map(({ name }) => name));
  }

  async queues(): Promise<ReadonlySet<string>> {
    return new Set(named.parse(await this.#get(`queues/${this.#host}?columns=name`)).map(({ name }) => name));
  }

  /** The queues that are bound to an exchange, with their routing keys. */
  async bindingsOf(exchange: string): Promise<readonly { readonly queue: string; readonly key: string }[]> {
    const found = await this.#get(`exchanges/${this.#host}/${encodeURIComponent(exchange)}/bindings/source`);
    return bindingsSchema.parse(found).map(({ destination: queue, routing_key: key }) => ({ queue, key }));
  }

  async user(name: string): Promise<StoredUser | undefined> {
    const found = await this.#find(`users/${encodeURIComponent(name)}`);
    return found === undefined ? undefined : userSchema.parse(found);
  }

  /** Creates the user, or changes its password; it gets no tags: it cannot use the management API. */
  async putUser(name: string, password: string): Promise<void> {
    await this.#put(`users/${encodeURIComponent(name)}`, { password, tags: '' });
  }

  async permissionsOf(name: string): Promise<Permissions | undefined> {
    const found = await this.#find(`permissions/${this.#host}/${encodeURIComponent(name)}`);
    return found === undefined ? undefined : permissionsSchema.parse(found);
  }

  async putPermissions(name: string, permissions: Permissions): Promise<void> {
    await this.#put(`permissions/${this.#host}/${encodeURIComponent(name)}`, permissions);
  }

  get #host(): string {
    return encodeURIComponent(this.#options.virtualHost);
  }

  async #get(path: string): Promise<unknown> {
    const found = await this.#find(path);
    if (found === undefined)
      throw new CliError(
        `the management API at ${this.#options.url} does not know ${path}: does the virtual host ` +
          `"${this.#options.virtualHost}" exist (rabbitmqctl add_vhost), and is it RabbitMQ's (PDAGENTD_MANAGEMENT_URL)?`,
      );
    return found;
  }

  /** Undefined if there is no such thing. */
  async #find(path: string): Promise<unknown> {
    const { status, data } = await this.#request('GET', path);
    if (status === 404) return undefined;
    this.#requireSuccess(status, path);
    return data;
  }

  async #put(path: string, body: object): Promise<void> {
    const { status } = await this.#request('PUT', path, body);
    this.#requireSuccess(status, path);
  }

  /** A body may have a password: neither it nor the response is shown. */
  #requireSuccess(status: number, path: string): void {
    const { url, administrator } = this.#options;
    if (status >= 200 && status < 300) return;
    if (status === 401 || status === 403)
      throw new CliError(
        `the management API at ${url} refuses user "${administrator.name}" (${status}, ${path}): it needs the right password, and ` +
          'the tag "administrator"',
      );
    throw new CliError(`the management API at ${url} answered ${status} to ${path}: RabbitMQ's log has the reason`);
  }

  async #request(method: 'GET' | 'PUT', path: string, data?: object): Promise<{ status: number; data: unknown }> {
    try {
      return await this.#client.request<unknown>({ method, url: path, ...(data === undefined ? {} : { data }) });
    } catch (error) {
      if (!isAxiosError(error)) throw error;
      throw new CliError(
        `the management API at ${this.#options.url} is unreachable (${error.code ?? error.message}): enable it ` +
          '(rabbitmq-plugins enable rabbitmq_management), or set PDAGENTD_MANAGEMENT_URL',
      );
    }
  }
}
