package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// Identities are private keys. The zero value has none. They may be used concurrently once they are read.
type Identities struct {
	list []age.Identity
}

// Len returns how many they are.
func (i *Identities) Len() int { return len(i.list) }

// Read adds the identities in a file as age has them: one a line, or an SSH private key, either of them with or without a passphrase. If there is
// one, ask is called for it, with the file's name; a nil ask refuses. The passphrase is not kept.
func (i *Identities) Read(src io.Reader, name string, ask func(name string) ([]byte, error)) error {
	text, err := readKeys(src, name)
	if err != nil {
		return err
	}
	if ask == nil {
		ask = func(string) ([]byte, error) {
			return nil, errors.New("a passphrase protects it, and nobody can be asked for it")
		}
	}
	list, err := parseIdentities(text, func() ([]byte, error) { return ask(name) })
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	i.list = append(i.list[:len(i.list):len(i.list)], list...)
	return nil
}

func parseIdentities(text []byte, ask func() ([]byte, error)) ([]age.Identity, error) {
	trimmed := bytes.TrimSpace(text)
	switch {
	case bytes.HasPrefix(trimmed, []byte(armor.Header)):
		return protected(armor.NewReader(bytes.NewReader(text)), ask)
	case bytes.HasPrefix(text, []byte("age-encryption.org/")):
		return protected(bytes.NewReader(text), ask)
	case bytes.HasPrefix(trimmed, []byte("-----BEGIN")):
		return sshIdentity(text, ask)
	default:
		return plainIdentities(text)
	}
}

// plainIdentities reads one private key a line. No error shows any of it.
func plainIdentities(text []byte) ([]age.Identity, error) {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "age1"), strings.HasPrefix(line, "ssh-"):
			return nil, fmt.Errorf("line %d is a recipient, a public key: what opens is the private one", n)
		case strings.HasPrefix(line, "AGE-PLUGIN-"):
			return nil, fmt.Errorf("line %d needs an age plugin, and Firn runs none", n)
		}
	}
	list, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("there is no private key of age (AGE-SECRET-KEY-…) in it, or one that is mistyped or incomplete")
	}
	return list, nil
}

// protected reads identities that age itself has sealed with a passphrase.
func protected(sealed io.Reader, ask func() ([]byte, error)) ([]age.Identity, error) {
	passphrase, err := ask()
	if err != nil {
		return nil, err
	}
	key, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	plain, err := age.Decrypt(sealed, key)
	if err != nil {
		return nil, errors.New("the passphrase does not open it")
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxKeyFile))
	if err != nil {
		return nil, ErrDamaged
	}
	return plainIdentities(text)
}

// sshIdentity reads an SSH private key.
func sshIdentity(text []byte, ask func() ([]byte, error)) ([]age.Identity, error) {
	key, err := ssh.ParseRawPrivateKey(text)
	if _, missing := errors.AsType[*ssh.PassphraseMissingError](err); missing {
		passphrase, asked := ask()
		if asked != nil {
			return nil, asked
		}
		if key, err = ssh.ParseRawPrivateKeyWithPassphrase(text, passphrase); err != nil {
			return nil, errors.New("the passphrase does not open it")
		}
	}
	if err != nil {
		return nil, errors.New("it is not an SSH private key that can be read")
	}
	var one age.Identity
	switch key := key.(type) {
	case *ed25519.PrivateKey:
		one, err = agessh.NewEd25519Identity(*key)
	case ed25519.PrivateKey:
		one, err = agessh.NewEd25519Identity(key)
	case *rsa.PrivateKey:
		one, err = agessh.NewRSAIdentity(key)
	default:
		return nil, errors.New("this kind of SSH key cannot open anything: age takes ssh-ed25519 and ssh-rsa")
	}
	if err != nil {
		return nil, fmt.Errorf("this SSH key cannot be used: %w", err)
	}
	return []age.Identity{one}, nil
}
