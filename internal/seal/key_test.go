package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"firn/internal/seal"
)

// sshKey returns a private key, without and with a passphrase, and its public line.
func sshKey(t *testing.T, private crypto.Signer) (open, closed, public string) {
	t.Helper()
	plain, err := ssh.MarshalPrivateKey(private, "someone")
	if err != nil {
		t.Fatal(err)
	}
	protected, err := ssh.MarshalPrivateKeyWithPassphrase(private, "someone", []byte("lapin"))
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(plain)), string(pem.EncodeToMemory(protected)), string(ssh.MarshalAuthorizedKey(pub))
}

// locked is a file with identities that age has sealed with the passphrase lapin.
func locked(t *testing.T, text string, armored bool) string {
	t.Helper()
	to, err := age.NewScryptRecipient("lapin")
	if err != nil {
		t.Fatal(err)
	}
	to.SetWorkFactor(4)
	r, err := age.EncryptReader(strings.NewReader(text), to)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if !armored {
		return string(binary)
	}
	var file bytes.Buffer
	a := armor.NewWriter(&file)
	if _, err := a.Write(binary); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func TestKinds(t *testing.T) {
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPrivate, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ed, edClosed, edPublic := sshKey(t, edPrivate)
	rs, _, rsPublic := sshKey(t, rsaPrivate)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	_, _, classic := newKey(t)
	_, _, second := newKey(t)
	pq := hybrid.Recipient().String()
	public := classic.Recipient().String()

	for _, tt := range []struct {
		name, recipients, identity string
	}{
		{"classic", public, classic.String()},
		{"file with remarks and two recipients", "# all of us\n\n" + public + "\n  " + second.Recipient().String() + "\r\n", second.String()},
		{"file of age-keygen", public, "# created: 2026-11-25T22:00:00Z\n# public key: " + public + "\n" + classic.String() + "\n"},
		{"several identities", public, second.String() + "\n" + classic.String()},
		{"post-quantum", pq, hybrid.String()},
		{"SSH, Ed25519", edPublic, ed},
		{"SSH, RSA", rsPublic, rs},
		{"SSH and age", edPublic + "\n" + public, ed},
		{"SSH with a passphrase", edPublic, edClosed},
		{"age with a passphrase", public, locked(t, classic.String(), false)},
		{"age with a passphrase, armored", public, locked(t, classic.String(), true)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var to seal.Recipients
			if err := to.Read(strings.NewReader(tt.recipients), "us.txt"); err != nil {
				t.Fatal(err)
			}
			var with seal.Identities
			ask := func(name string) ([]byte, error) {
				if name != "key.txt" {
					t.Errorf("asked for the passphrase of %s", name)
				}
				return []byte("lapin"), nil
			}
			if err := with.Read(strings.NewReader(tt.identity), "key.txt", ask); err != nil {
				t.Fatal(err)
			}
			if got, err := open(sealed(t, to, []byte("bunny")), with); err != nil || string(got) != "bunny" {
				t.Errorf("read back %q, error %v", got, err)
			}
		})
	}
}

func TestRecipientsRefused(t *testing.T) {
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, _, otherPublic := sshKey(t, other)
	_, _, key := newKey(t)
	public := key.Recipient().String()
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "# nobody\n\n", "us.txt: there is no recipient in it"},
		{"private key", key.String(), "us.txt, line 1: this is a private key"},
		{"mistyped", "\n" + public[:30] + public[31:], "us.txt, line 2: this recipient is mistyped"},
		{"plugin", "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "needs an age plugin"},
		{"a name", "alice", "this is no recipient"},
		{"SSH key of another kind", otherPublic, "us.txt, line 1: this is no recipient"},
		{"long keys", strings.Repeat(hybrid.Recipient().String()+"\n", 60), "together they take"},
		{"post-quantum beside classic", public + "\n" + hybrid.Recipient().String(), "us.txt: post-quantum recipients"},
		{"far too long", strings.Repeat("#", 1<<20+1), "larger than"},
		{"too many", strings.Repeat(public+"\n", 65), "65 recipients are too many"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var to seal.Recipients
			err := to.Read(strings.NewReader(tt.text), "us.txt")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), key.String()) {
				t.Errorf("the error shows the private key: %v", err)
			}
		})
	}
}

func TestIdentitiesRefused(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherKey, _, _ := sshKey(t, other)
	_, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edClosed, edPublic := sshKey(t, edPrivate)
	_, _, key := newKey(t)
	wrong := func(string) ([]byte, error) { return []byte("hare"), nil }
	mistyped := key.String()[:60] + "ZZZZ"
	for _, tt := range []struct {
		name, text string
		ask        func(string) ([]byte, error)
		want       string
	}{
		{"nothing", "", wrong, "no private key"},
		{"recipient", "# mine\n" + key.Recipient().String(), wrong, "line 2 is a recipient"},
		{"SSH public key", edPublic, wrong, "line 1 is a recipient"},
		{"mistyped", mistyped, wrong, "mistyped"},
		{"plugin", "AGE-PLUGIN-YUBIKEY-1QGRSQQ", wrong, "plugin"},
		{"SSH key of another kind", otherKey, wrong, "this kind of SSH key"},
		{"no SSH key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", wrong, "not an SSH private key"},
		{"SSH, wrong passphrase", edClosed, wrong, "the passphrase does not open it"},
		{"SSH, nobody to ask", edClosed, nil, "nobody can be asked"},
		{"age, wrong passphrase", locked(t, key.String(), false), wrong, "the passphrase does not open it"},
		{"age, nobody to ask", locked(t, key.String(), true), nil, "nobody can be asked"},
		{"age, empty passphrase", locked(t, key.String(), true), func(string) ([]byte, error) { return nil, nil }, "the passphrase is empty"},
		{"asking fails", edClosed, func(string) ([]byte, error) { return nil, errors.New("no terminal") }, "no terminal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var with seal.Identities
			err := with.Read(strings.NewReader(tt.text), "key.txt", tt.ask)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "key.txt: ") {
				t.Errorf("error %v, want key.txt: … %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET-KEY-1") {
				t.Errorf("the error shows the private key: %v", err)
			}
		})
	}
}
