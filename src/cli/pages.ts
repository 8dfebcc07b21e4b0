import type { ApiClient, ApiRequest } from "../client/api-client.js";

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

const pageSize = 500;

/** The items of a list that comes in pages, at most `limit`. */
export async function pages<Item>(
  api: ApiClient,
  path: string,
  query: NonNullable<ApiRequest["query"]>,
  limit: number,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page = await api.get<Page<Item>>(path, {
      query: { ...query, limit: Math.min(pageSize, limit - items.length), after },
      signal,
    });
    items.push(...page.items);
    after = page.next ?? undefined;
    // A gateway that always has one more page must not keep us here.
    if (page.items.length === 0) break;
  } while (after !== undefined && items.length < limit);
  return items;
}
