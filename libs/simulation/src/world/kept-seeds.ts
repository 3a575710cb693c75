/** Seeds that once failed, by number: what each of them found. */
export const KEPT_SEEDS: Readonly<Record<number, string>> = {};

/** Seeds that fail because of a fault that is not fixed yet: what it is. A fix moves them to `KEPT_SEEDS`. */
export const OPEN_SEEDS: Readonly<Record<number, string>> = {
  1000628:
    'one alert of a key whose requests take half a second makes progress, so that it is not parked, and delays the other keys of its lane',
  1000006:
    'an alarm, an event that PagerDuty refuses and a renewal: the lane waits for the dead letter to be written and delivers nothing until the alarm ends; if its own backlog raised the alarm, never',
  1000037: 'a lane has no leader: who consumes it loses its connection after 65 s (541), and with it all other lanes',
  1002045:
    'a lane is taken over while one of its sidings does not answer: "0 messages" are believed, and later messages overtake those in it',
  1000191:
    'a worker whose node was cut off is demoted silently: it goes on with the messages that it holds, while its successor sends them too',
};
