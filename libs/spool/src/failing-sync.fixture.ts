import { ClassicLevel } from 'classic-level';

/** The next write of this process reaches the disk completely, and then its fsync fails. */
export function failNextSync(): void {
  const spy = jest.spyOn(ClassicLevel.prototype, 'batch');
  spy.mockImplementationOnce(function (this: ClassicLevel) {
    spy.mockRestore();
    const batch = this.batch();
    const write = batch.write.bind(batch);
    jest.spyOn(batch, 'write').mockImplementation(async () => {
      await write({ sync: true });
      throw new Error('IO error: Input/output error');
    });
    return batch;
  });
}
