const EXPLANATIONS = {
  full: 'the broker does not accept events and the spool is full',
  failing: 'the broker does not accept events and the spool cannot be written',
  closed: 'the gateway is stopping',
};

/** An event could not be stored durably: its sender must send it again. */
export class NotDurableError extends Error {
  constructor(readonly reason: keyof typeof EXPLANATIONS) {
    super(EXPLANATIONS[reason]);
    this.name = 'NotDurableError';
  }
}
