// Jest transform: TypeScript to CommonJS by esbuild. Types are checked by tsc, not here.
const { transformSync } = require('esbuild');

module.exports = {
  process(source, file) {
    const { code, map } = transformSync(source, {
      loader: 'ts',
      format: 'cjs',
      // Jest runs CommonJS alone: what is imported when it is needed is required then.
      supported: { 'dynamic-import': false },
      target: 'node20',
      platform: 'node',
      sourcemap: 'external',
      sourcefile: file,
    });
    return { code, map };
  },
};
