import { openRunFolder, startRabbitMQ } from '@pdaltagent/testing';
import { checkBroker } from './broker';

it('detects a broker that accepts connections, but no messages because of an alarm', async () => {
  const folder = openRunFolder('status-broker');
  const broker = await startRabbitMQ({ folder: folder.path });
  try {
    const checked = async () => (await checkBroker(broker.url, Date.now())).find(({ subject }) => subject === 'broker');
    expect(await checked()).toMatchObject({ state: 'fine' });
    await broker.setAlarm('memory', true);
    expect(await checked()).toMatchObject({
      state: 'attention',
      detail: expect.stringMatching(/^RabbitMQ \d.* responds, but accepts no messages$/) as string,
      advice: expect.stringContaining('alarm') as string,
    });
    await broker.setAlarm('memory', false);
    expect(await checked()).toMatchObject({ state: 'fine' });
  } finally {
    await broker.stop();
    folder.remove();
  }
}, 120_000);
