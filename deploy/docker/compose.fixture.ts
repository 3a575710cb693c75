import { parse } from 'yaml';
import { z } from 'zod';
import { textOf } from '../services.fixture';

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const service = z.looseObject({
  image: z.string().optional(),
  build: z.object({ context: z.literal('.'), dockerfile: z.string(), args: z.record(z.string(), text) }).optional(),
  container_name: z.string().optional(),
  hostname: z.string().optional(),
  entrypoint: z.array(z.string()).default([]),
  restart: z.string().optional(),
  ports: z.array(z.string()).default([]),
  environment: z.record(z.string(), text).default({}),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional() }).optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
});

const composeFile = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.object({ name: z.string() }).nullable()),
});

export type ComposeService = z.infer<typeof service>;
export type ComposeFile = z.infer<typeof composeFile>;

/** A compose file as Compose reads it if no variable is set: `${NAME:-default}` is the default. */
export function readCompose(file: string): ComposeFile {
  return composeFile.parse(parse(textOf(file), interpolated, { merge: true }));
}

function interpolated(_key: unknown, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1').replaceAll('$$', '$');
}
