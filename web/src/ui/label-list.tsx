/** `env=prod` `team=pay`, as rules match on them. */
export function LabelList({ labels }: { labels: Readonly<Record<string, string>> }) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return null;
  return (
    <ul className="tags" aria-label="Labels">
      {entries.map(([key, value]) => (
        <li key={key} className="tag">
          {key}={value}
        </li>
      ))}
    </ul>
  );
}
