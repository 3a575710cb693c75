import { type Detector, matchSpan, RANK, scanWith } from '../detector';

/** Header, claims and signature (empty for `alg: none`) in Base64url; both objects begin with `{"`, which encodes as `eyJ`. */
const JWT = /(?<![\w-])eyJ[\w-]{8,4096}\.eyJ[\w-]{2,16384}\.[\w-]{0,4096}/g;
/** An encrypted one (RFC 7516): five parts, the second one may be empty. */
const ENCRYPTED = /(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{0,2048}\.[\w-]{8,512}\.[\w-]{8,16384}\.[\w-]{8,512}/g;

const scans = [JWT, ENCRYPTED].map((pattern) => scanWith(pattern, matchSpan));

export const jwt: Detector = {
  name: 'jwt',
  kind: 'SECRET',
  rank: RANK.secret,
  precise: true,
  patterns: [JWT, ENCRYPTED],
  needs: (traits) => traits.run >= 11,
  scan: (context) => (context.text.includes('eyJ') ? scans.flatMap((scan) => scan(context)) : []),
  examples: {
    matches: [
      {
        text: 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk back',
        found: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      },
    ],
    ignores: ['eyJhbGciOiJIUzI1NiJ9 alone', 'keyJhbGciOiJI.eyJzdWIi.x', 'eyJ.eyJ.'],
  },
};
