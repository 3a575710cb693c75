/** The AMQP reply codes that occur here. */
export type ReplyCode = 403 | 404 | 405 | 406 | 541;
