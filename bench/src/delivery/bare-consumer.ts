// The cost of delivery without order, retries and isolation: amqplib, one queue, one POST per message, acknowledged when delivered.
import { connect } from 'amqplib';
import axios from 'axios';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';

const [, , client, amqpUrl = '', queue = '', url = '', concurrency = '256', caFile] = process.argv;
const kept = { keepAlive: true, maxSockets: Number(concurrency) };
const { request } = caFile === undefined ? http : https;
const agent = caFile === undefined ? new http.Agent(kept) : new https.Agent({ ...kept, ca: readFileSync(caFile) });
const headers = { 'content-type': 'application/json' };

async function byAxios(body: Buffer): Promise<number> {
  return (await axios.post(url, body, { httpAgent: agent, httpsAgent: agent, headers, proxy: false, maxRedirects: 0 }))
    .status;
}

function byNode(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const posting = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    posting.once('error', reject);
    posting.end(body);
  });
}

async function main(): Promise<void> {
  const post = client === 'axios' ? byAxios : byNode;
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  await channel.prefetch(Number(concurrency));

  await channel.consume(queue, (message) => {
    if (message !== null) void post(message.content).then(() => channel.ack(message));
  });
}

process.on('disconnect', () => process.exit(0));
void main();
