import { type Detector, RANK, scanWith, valueSpan } from '../detector';
import { looksGenerated } from '../secret-value';

/** The signature of a presigned URL, which grants access: `Signature` of S3, GCS, OSS, OBS, COS and CloudFront, `sig` of Azure. */
const MEMBER = /(?<=(?:[?&;]|\\u0026)(?:[a-z\d]{1,12}[._-]){0,2}(?:signature|sig)=)(?<value>[\w%+/.~=-]{16,2048})/dgi;
/** The same as a header, form field or parameter. */
const FIELD =
  /(?<=(?<![\w-])x-(?:amz|goog|oss|obs|cos|bce|tos|bz)-signature(?:\\{0,8}["'])? ?[:=] ?(?:\\{0,8}["'])?)(?<value>[\w%+/.~=-]{16,2048})/dgi;

const scans = [MEMBER, FIELD].map((pattern) =>
  scanWith(pattern, (match) => (looksGenerated(match.groups?.['value'] ?? '') ? valueSpan(match) : undefined)),
);
const KEY = /^(?:x (?:amz|goog|oss|obs|cos|bce|tos|bz) signature|sas signature)$/;

export const signedUrl: Detector = {
  name: 'signed-url',
  kind: 'SECRET',
  rank: RANK.secret + 1,
  precise: true,
  patterns: [MEMBER, FIELD],
  needs: (traits) => traits.run >= 16 || traits.assignment,
  scan: (context) => {
    if (KEY.test(context.keyWords) && looksGenerated(context.text)) return [{ start: 0, end: context.text.length }];
    return /sig(?:nature)?\\{0,8}["']? ?[:=]/i.test(context.text) ? scans.flatMap((scan) => scan(context)) : [];
  },
  examples: {
    matches: [
      {
        text: 'https://s3.example.net/b/k?X-Amz-Expires=900&X-Amz-Signature=0f1e2d3c4b5a69788796a5b4c3d2e1f0 403',
        found: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
      },
      {
        text: 'GET /b/k?AWSAccessKeyId=x&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D&Expires=1',
        found: 'vjbyPxybdZaNmGa%2ByT272YEAiv4%3D',
      },
      { text: 'https://b.example/o?X-Goog-Signature=0f1e2d3c4b5a69788796&x=1', found: '0f1e2d3c4b5a69788796' },
      { text: 'url=https://a.example/k?a=1\\u0026x-oss-signature=0f1e2d3c4b5a69788796', found: '0f1e2d3c4b5a69788796' },
      {
        text: 'https://a.example/c?sv=2022&amp;sig=abcDEF123%2Bghi456JKL789mno%3D',
        found: 'abcDEF123%2Bghi456JKL789mno%3D',
      },
      { text: '"x-amz-signature": "0f1e2d3c4b5a69788796"', found: '0f1e2d3c4b5a69788796' },
      { text: '0f1e2d3c4b5a69788796', key: 'X-Amz-Signature', found: '0f1e2d3c4b5a69788796' },
    ],
    ignores: [
      'signature=ET-2019-1234-trojan-download',
      'https://a.example/k?X-Amz-Signature=invalid',
      'https://a.example/k?signature=verification-failed',
      'signature: 0f1e2d3c4b5a69788796',
    ],
  },
};
