package seal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// Limits of files with keys, and of what a header may grow to.
const (
	maxKeyFile    = 1 << 20
	maxRecipients = 64
	maxHeader     = 64 << 10
)

// Recipients are the public keys that an archive is sealed for: each of them opens it alone. The zero value has none.
type Recipients struct {
	list  []age.Recipient
	texts []string // as they were given, in order
}

// Digest tells these recipients from others: 64 hexadecimal digits. Their order counts.
func (r *Recipients) Digest() string {
	sum := sha256.Sum256([]byte(strings.Join(r.texts, "\n")))
	return hex.EncodeToString(sum[:])
}

// Len returns how many they are.
func (r *Recipients) Len() int { return len(r.list) }

// Add adds one recipient, as one has it on a command line: age1…, age1pq1…, ssh-ed25519 … or ssh-rsa ….
func (r *Recipients) Add(text string) error {
	one, err := parseRecipient(text)
	if err != nil {
		return err
	}
	return r.add([]age.Recipient{one}, []string{text})
}

// Read adds the recipients in a file, one a line; empty lines, and those that begin with #, are none. The name is for errors.
func (r *Recipients) Read(src io.Reader, name string) error {
	text, err := readKeys(src, name)
	if err != nil {
		return err
	}
	var found []age.Recipient
	var texts []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxKeyFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		one, err := parseRecipient(line)
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		found, texts = append(found, one), append(texts, line)
	}
	if len(found) == 0 {
		return fmt.Errorf("%s: there is no recipient in it", name)
	}
	if err := r.add(found, texts); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// add adds some if they can stand beside each other.
func (r *Recipients) add(more []age.Recipient, texts []string) error {
	all := slices.Concat(r.list, more)
	if len(all) > maxRecipients {
		return fmt.Errorf("%d recipients are too many: at most %d can be", len(all), maxRecipients)
	}
	var header bytes.Buffer
	if _, err := age.Encrypt(&header, all...); err != nil {
		if len(all) > 1 {
			return errors.New("post-quantum recipients (age1pq1…) and others cannot be mixed: whoever breaks the weaker has it all")
		}
		return fmt.Errorf("this recipient cannot be used: %w", err)
	}
	if header.Len() > maxHeader {
		return fmt.Errorf("these are too many recipients: together they take more than %d bytes", maxHeader)
	}
	r.list, r.texts = all, slices.Concat(r.texts, texts)
	return nil
}

// parseRecipient never repeats the text: it may be a private key in the wrong place.
func parseRecipient(text string) (age.Recipient, error) {
	var one age.Recipient
	var err error
	switch {
	case strings.HasPrefix(text, "age1pq1"):
		one, err = age.ParseHybridRecipient(text)
	case strings.HasPrefix(text, "age1") && strings.Count(text, "1") > 1:
		return nil, errors.New("this recipient needs an age plugin, and Firn runs none: use an age1… key, or SSH's")
	case strings.HasPrefix(text, "age1"):
		one, err = age.ParseX25519Recipient(text)
	case strings.HasPrefix(text, "ssh-"):
		one, err = agessh.ParseRecipient(text)
	case strings.HasPrefix(text, "AGE-SECRET-KEY-"):
		return nil, errors.New("this is a private key: a recipient is the public one (age-keygen -y shows it)")
	default:
		return nil, errors.New("this is no recipient: they begin with age1, ssh-ed25519 or ssh-rsa")
	}
	if err != nil {
		return nil, errors.New("this recipient is mistyped or incomplete, or of a kind of SSH key that age does not take")
	}
	return one, nil
}

// readKeys reads a whole file with keys.
func readKeys(src io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(src, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("%s: it is larger than %d bytes, which no file with keys is", name, maxKeyFile)
	}
	return text, nil
}
