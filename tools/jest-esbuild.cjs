// Jest transform: TypeScript to CommonJS by esbuild. Types are checked by tsc, not here.
const { transformSync } = require('esbuild');

module.exports = {
  process(source, file) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'cjs',
      // Jest runs CommonJS only: dynamic imports become require().
      supported: { 'dynamic-import': false },
      target: 'node20',
      platform: 'node',
      sourcemap: 'external',
      sourcefile: file,
    });
    return { code, map };
  },
};
