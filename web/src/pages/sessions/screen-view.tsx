import type { Screen } from "./screen.js";

/** A terminal's screen: characters alone, whatever a target sent. */
export function ScreenView({ screen: { rows, cursor } }: { screen: Screen }) {
  const [row, column] = cursor;
  return (
    <pre className="screen" role="img" aria-label="Screen">
      {rows.map((text, at) => {
        const key = `${at}`;
        if (at !== row) return <div key={key}>{text === "" ? " " : text}</div>;
        const whole = text.padEnd(column + 1);
        return (
          <div key={key}>
            {whole.slice(0, column)}
            <span className="screen-cursor">{whole.slice(column, column + 1)}</span>
            {whole.slice(column + 1)}
          </div>
        );
      })}
    </pre>
  );
}
