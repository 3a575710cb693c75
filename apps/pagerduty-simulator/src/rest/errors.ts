import { type SimulatedResponse, jsonResponse } from '../http/simulated-response';

/** PagerDuty's REST error: `{"error":{"message","code","errors"?}}` (REST API documentation, "Errors"). */
export function restError(
  status: number,
  code: number,
  message: string,
  errors?: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): SimulatedResponse {
  return jsonResponse(status, { error: { message, code, ...(errors ? { errors } : {}) } }, headers);
}

export const unauthorized = (): SimulatedResponse => restError(401, 2006, 'Unauthorized');
export const restNotFound = (): SimulatedResponse => restError(404, 2100, 'Not Found');
export const invalidInput = (...errors: string[]): SimulatedResponse =>
  restError(400, 2001, 'Invalid Input Provided', errors);
export const invalidTime = (name: string): SimulatedResponse =>
  restError(400, 2004, 'Invalid Input Provided', [`${name} is not a valid date-time.`]);
export const invalidRange = (): SimulatedResponse =>
  restError(400, 2005, 'Invalid Input Provided', ['since must not be after until.']);

/** The answer with a scripted status, if the script has no body. */
export function scriptedRestError(status: number, headers: Readonly<Record<string, string>>): SimulatedResponse {
  return restError(status, 2000, 'A scripted response', undefined, headers);
}
