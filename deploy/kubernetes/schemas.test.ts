import { textOf } from '../services.fixture';
import { builtByKubectl, type Manifest, manifestsNamedBy, manifestsOf } from './manifests.fixture';
import { unknownFields, validate } from './schemas.fixture';

const sources: [string, readonly Manifest[]][] = [
  ['the manifests as they are written', manifestsNamedBy('overlays/with-broker')],
  ['the example of the Secrets', manifestsOf(textOf('deploy/kubernetes/secrets.example.yaml'))],
];
const built = builtByKubectl('overlays/with-broker');
if (built !== undefined) sources.push(['the manifests as kubectl builds them', built]);

describe.each(sources)('%s', (_name, manifests) => {
  it('are what the Kubernetes API takes', () => {
    for (const manifest of manifests) expect(() => validate(manifest)).not.toThrow();
  });

  it('have no field that the Kubernetes API does not know', () => {
    expect(unknownFields(manifests)).toEqual([]);
  });
});

it('finds a wrong value and a misspelt field', () => {
  const deployment = (spec: object): Manifest => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'wrong' },
    spec: { selector: {}, template: {}, ...spec },
  });
  expect(() => validate(deployment({ replicas: 'three' }))).toThrow('replicas');
  expect(unknownFields([deployment({ replica: 3 })]).join('\n')).toContain('"replica"');
});
