import type { ApiClient, ApiRequest } from "../client/api-client.js";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | number | null;
}

const pageSize = 500;

/** The items of a list that comes in pages, at most `limit`. `cursor`: what the list calls the place where a page begins; `look` sees each page. */
export async function pages<Item>(
  api: ApiClient,
  path: string,
  query: NonNullable<ApiRequest["query"]>,
  limit: number,
  signal: AbortSignal,
  cursor: "after" | "before" = "after",
  look: (page: object) => void = () => {},
): Promise<Item[]> {
  const items: Item[] = [];
  let from: string | number | undefined = query[cursor] as string | number | undefined;
  do {
    const page = await api.get<Page<Item>>(path, {
      query: { ...query, limit: Math.min(pageSize, limit - items.length), [cursor]: from },
      signal,
    });
    look(page);
    items.push(...page.items);
    from = page.next ?? undefined;
    // A gateway that always has one more page must not keep us here.
    if (page.items.length === 0) break;
  } while (from !== undefined && items.length < limit);
  return items;
}
