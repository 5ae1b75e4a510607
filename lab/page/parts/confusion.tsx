/** How often each class was taken for each other; rows are what the pictures are. */
export function Confusion({ matrix, classes }: { matrix: readonly (readonly number[])[]; classes: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label="Confusion matrix">
      <table class="confusion">
        <thead>
          <tr>
            <td />
            {classes.map(name => (
              <th key={name} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, actual) => {
            const sum = Math.max(
              row.reduce((a, b) => a + b, 0),
              1,
            );
            return (
              <tr key={classes[actual]}>
                <th scope="row">{classes[actual]}</th>
                {row.map((count, predicted) => (
                  <td
                    key={classes[predicted]}
                    class={actual === predicted ? 'right' : 'wrong'}
                    style={{ '--share': Math.sqrt(count / sum).toFixed(3) }}
                    title={`${classes[actual]} taken for ${classes[predicted]}: ${count} of ${sum}`}
                  >
                    {count || ''}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
