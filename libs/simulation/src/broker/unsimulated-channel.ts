import { EventEmitter } from 'node:events';

/** The methods of amqplib's channels that our code does not use: they throw. */
export abstract class UnsimulatedChannel extends EventEmitter {
  ackAll(): never {
    throw notSimulated('ackAll');
  }

  bindExchange(): never {
    throw notSimulated('bindExchange');
  }

  deleteExchange(): never {
    throw notSimulated('deleteExchange');
  }

  nackAll(): never {
    throw notSimulated('nackAll');
  }

  purgeQueue(): never {
    throw notSimulated('purgeQueue');
  }

  recover(): never {
    throw notSimulated('recover');
  }

  reject(): never {
    throw notSimulated('reject');
  }

  sendToQueue(): never {
    throw notSimulated('sendToQueue');
  }

  unbindExchange(): never {
    throw notSimulated('unbindExchange');
  }

  unbindQueue(): never {
    throw notSimulated('unbindQueue');
  }

  waitForConfirms(): never {
    throw notSimulated('waitForConfirms');
  }
}

export function notSimulated(method: string): Error {
  return new Error(`not simulated: ${method}()`);
}
