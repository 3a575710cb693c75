import { type ChannelModel } from 'amqplib';

/** Among the headers of a message whose properties could not be decoded, and nothing else. */
const UNDECODABLE = 'pdaltagent_undecodable';
/** AMQP 0-9-1, 2.3.5: type, channel and size begin a frame. */
const FRAME_HEADER_BYTES = 7;
const HEADER_FRAME = 2;

/** What amqplib's connection has, and its types lack. */
interface FrameReceiver {
  /** What was received and is not read yet, from the next frame on. */
  readonly rest: Buffer;
  recvFrame: () => unknown;
}

/**
 * Keeps a connection on which a message arrives whose properties amqplib cannot decode: nested so deeply that the stack ends, or of a
 * type that it does not know. It would end the connection, and with the message that of every worker, one after the other. Such a
 * message arrives with its body and without properties.
 */
export function tolerateUndecodable({ connection }: ChannelModel): void {
  if (!isFrameReceiver(connection)) return;
  const receive = connection.recvFrame.bind(connection);
  connection.recvFrame = () => {
    const { rest } = connection;
    try {
      return receive();
    } catch (error) {
      // Unless the frame was taken, it is not the frame that is wrong.
      if (connection.rest === rest || rest[0] !== HEADER_FRAME) throw error;
      return withoutProperties(rest, error);
    }
  };
}

/** Why amqplib could not decode the message's properties; undefined if it could. */
export function undecodableIn(headers: Readonly<Record<string, unknown>>): string | undefined {
  const problem = headers[UNDECODABLE];
  return typeof problem === 'string' ? problem : undefined;
}

/** A content header as amqplib would have decoded it. Source: AMQP 0-9-1, 4.2.6.1. */
function withoutProperties(frame: Buffer, error: unknown) {
  const problem = error instanceof Error ? error.message : String(error);
  return {
    id: frame.readUInt16BE(FRAME_HEADER_BYTES),
    channel: frame.readUInt16BE(1),
    size: Number(frame.readBigUInt64BE(FRAME_HEADER_BYTES + 4)),
    fields: { headers: { [UNDECODABLE]: problem } },
  };
}

function isFrameReceiver(connection: object): connection is FrameReceiver {
  return 'recvFrame' in connection && typeof connection.recvFrame === 'function' && 'rest' in connection;
}
