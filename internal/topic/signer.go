package topic

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"time"
)

const (
	signerBits = 2048
	// signerLife is how long a certificate is good for. Receivers check a
	// signature against it, and Firn's is pinned, not issued: nothing is won
	// by its running out.
	signerLife = 30 * 365 * 24 * time.Hour

	pemKey         = "PRIVATE KEY"
	pemCertificate = "CERTIFICATE"
)

// A Signer signs messages as SNS does. Its methods may be called concurrently.
// It never shows its key.
type Signer struct {
	key         *rsa.PrivateKey
	certificate []byte // PEM
	path        string
	secret      [32]byte // made of the key; for tokens
}

// MakeSigner makes an RSA key and a certificate of its own for it, both as PEM,
// to be kept where nobody else reads it.
func MakeSigner() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, signerBits)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "Firn notifications"},
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.Add(signerLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode signing key: %w", err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: private})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der})...), nil
}

// ParseSigner reads what MakeSigner has made.
func ParseSigner(text []byte) (*Signer, error) {
	var s Signer
	var certificate *x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case pemKey:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("the signing key cannot be read") // the error might quote it
			}
			s.key, _ = key.(*rsa.PrivateKey)
			s.secret = sha256.Sum256(append([]byte("firn topic tokens 1"), block.Bytes...))
		case pemCertificate:
			var err error
			if certificate, err = x509.ParseCertificate(block.Bytes); err != nil {
				return nil, fmt.Errorf("parse certificate: %w", err)
			}
			s.certificate = pem.EncodeToMemory(block)
			sum := sha256.Sum256(block.Bytes)
			s.path = "/SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem"
		}
	}
	if s.key == nil || certificate == nil {
		return nil, errors.New("a signer is an RSA key and its certificate, as PEM")
	}
	if !s.key.PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("the signer's certificate is of another key")
	}
	return &s, nil
}

// Certificate is what signatures are verified with, as PEM. Anybody may have
// it.
func (s *Signer) Certificate() []byte { return bytes.Clone(s.certificate) }

// Path is where the certificate is served, below the base URL.
func (s *Signer) Path() string { return s.path }

// String, GoString and LogValue hide the key.

// String says what it is.
func (s *Signer) String() string { return "signer" + s.path }

// GoString says what it is.
func (s *Signer) GoString() string { return s.String() }

// LogValue says what it is.
func (s *Signer) LogValue() slog.Value { return slog.StringValue(s.String()) }

// The signature versions.
const (
	signatureSHA1   = "1"
	signatureSHA256 = "2"
)

// sign returns the signature of a canonical string, in base64.
func (s *Signer) sign(version, text string) (string, error) {
	var sum []byte
	hash := crypto.SHA1
	switch version {
	case signatureSHA256:
		hash = crypto.SHA256
		h := sha256.Sum256([]byte(text))
		sum = h[:]
	default:
		h := sha1.Sum([]byte(text)) // what version 1 is
		sum = h[:]
	}
	signature, err := rsa.SignPKCS1v15(nil, s.key, hash, sum)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}
