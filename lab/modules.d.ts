/** What esbuild makes of files that are no TypeScript: see src/cli/lab/site.ts. */
declare module '*.wgsl' {
  const text: string;
  export default text;
}
declare module '*.css';
