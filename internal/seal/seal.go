// Package seal encrypts archives and their names with age (age-encryption.org/v1), so that whoever keeps them learns neither.
//
// A sealed archive is an ordinary age file: "age -d -i KEY" opens it without Firn. Whoever may open it is a recipient: a public
// key of age, classic (age1…) or post-quantum (age1pq1…), or an SSH key (ssh-ed25519, ssh-rsa). The private keys are called
// identities, as age calls them. A passphrase may protect the file with the identities, not the archive.
//
//	byte 0                     header: recipients and, for each, the file's own key, sealed       some 200 bytes
//	then                       nonce                                                                   16 bytes
//	then, again and again      64 KiB of plain text, sealed with its number                    64 KiB + 16 bytes
//	at the end                 the same, up to 64 KiB, marked as the last
//
// It promises: what was cut off, put in another order or changed in a single bit is found, and nothing of a piece of 64 KiB that does
// not fit its seal is ever passed on. A [Sealing] can be kept and taken up again after a crash, and then comes to the same bytes, so that
// an upload need not begin anew.
//
// It does not hide how large an archive is, when it was made and read, nor, to the byte, how long its name is; with an SSH key as recipient it
// does not hide whose key (32 bits of its fingerprint are in the header). It does not say who sealed an archive: anybody who has the
// public key can.
package seal
