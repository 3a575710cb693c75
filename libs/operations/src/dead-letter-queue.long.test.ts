import { testServers } from '@pdaltagent/testing';
import { DeadLetterQueueBench, expectOrderAfterInterruption } from './dead-letter-queue.fixture';

const bench = DeadLetterQueueBench.prepare(testServers);

it(
  'a visit keeps the order of more dead letters than one consumer may hold, even if it is interrupted',
  () => expectOrderAfterInterruption(bench, 66_000),
  1_200_000,
);
