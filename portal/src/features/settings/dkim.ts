/**
 * The record of the DNS by which others check signed letters (RFC 6376, 3.6.1; Ed25519 by RFC 8463), made of the public key.
 * Pure; nothing of it is sent anywhere.
 */

export interface DnsRecord {
  name: string;
  value: string;
}
export type DkimWrong = "domain" | "selector" | "private" | "key";

const name = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** How the frame around an Ed25519 key begins (RFC 8410), and the name of RSA within one (RFC 8017). */
const ED25519 = "MCowBQYDK2VwAyEA";
const RSA = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

export function dkimRecord(domain: string, selector: string, key: string): DnsRecord | DkimWrong {
  if (!name.test(domain.trim()) || !domain.includes(".")) return "domain";
  if (!name.test(selector.trim())) return "selector";
  if (/PRIVATE KEY/.test(key)) return "private";
  const der = key.replace(/-----[^-]*-----/g, "").replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(der)) return "key";
  const at = `${selector.trim()}._domainkey.${domain.trim()}`.toLowerCase();
  // Of Ed25519 the key alone stands in the record, without the frame around it: 32 bytes.
  if (der.startsWith(ED25519) && der.length === 60) {
    return { name: at, value: `v=DKIM1; k=ed25519; p=${der.slice(ED25519.length)}` };
  }
  try {
    return atob(der).slice(0, 40).includes(RSA) ? { name: at, value: `v=DKIM1; k=rsa; p=${der}` } : "key";
  } catch {
    return "key";
  }
}
