package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/sigv4"
	"firn/treehash"
)

// Authenticate checks the signature of a request with a small body. It calls
// body, at most once, only when the headers alone do not condemn the request:
// nobody but who knows a key gets the body read. service is the one that the
// request must be signed for.
//
// If the signature is not good, the Caller has nothing but the id of the key that
// the request claims to be signed with, for those who keep an audit log.
func (s *Service) Authenticate(r *http.Request, service string, body func() ([]byte, error)) (Caller, error) {
	return s.authenticate(r, service, func() (string, error) {
		b, err := body()
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(b)
		hash := hex.EncodeToString(sum[:])
		sent := r.Header.Get(glacier.HeaderContentSHA256)
		if sent == "" {
			return hash, nil
		}
		if !strings.EqualFold(sent, hash) {
			return "", glacier.Errorf(glacier.InvalidSignature,
				"The value passed in as x-amz-content-sha256 does not match the computed payload hash. "+
					"Computed digest: %s expected hash: %s", hash, sent)
		}
		return sent, nil // letter for letter what was signed
	})
}

// AuthenticateUpload checks the signature of a request whose body is still to
// come. It takes x-amz-content-sha256 for the body's hash: the caller compares
// it with the body. Nothing else may stand there, such as UNSIGNED-PAYLOAD.
// It does not read r.Body.
func (s *Service) AuthenticateUpload(r *http.Request) (Caller, error) {
	return s.authenticate(r, glacier.Service, func() (string, error) {
		sent := r.Header.Get(glacier.HeaderContentSHA256)
		if sent == "" {
			return "", glacier.MissingParameter(glacier.HeaderContentSHA256)
		}
		if _, err := treehash.ParseHash(sent); err != nil {
			return "", glacier.Errorf(glacier.InvalidParameterValue, "Invalid %s: %s", glacier.HeaderContentSHA256, sent)
		}
		return sent, nil
	})
}

// authenticate checks all but the payload's hash, for which it asks. What is
// wrong with the hash is told to known keys only.
func (s *Service) authenticate(r *http.Request, service string, payloadHash func() (string, error)) (Caller, error) {
	auth, err := sigv4.ParseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return Caller{}, refusal(err)
	}
	claimed := Caller{KeyID: auth.AccessKeyID}
	claim, err := s.verifier(service, auth.Scope).Check(r, auth, s.now())
	if err != nil {
		return claimed, refusal(err)
	}
	key, err := s.key(r.Context(), auth.AccessKeyID)
	if err != nil {
		return claimed, err
	}
	// Firn gives out no session tokens, so none is good.
	if key == nil || r.Header.Get("X-Amz-Security-Token") != "" {
		return claimed, glacier.Errorf(glacier.UnrecognizedClient, "The security token included in the request is invalid.")
	}
	hash, err := payloadHash()
	if err != nil {
		return claimed, err
	}
	if err := claim.Verify(key.signing(auth.Scope), hash); err != nil {
		return claimed, refusal(err)
	}
	return key.caller, nil
}

// globalRegion is what clients sign for who speak to a service that has no
// regions.
const globalRegion = "us-east-1"

// verifier checks that a signature is for the service, in this region.
func (s *Service) verifier(service string, claimed sigv4.Scope) sigv4.Verifier {
	v := sigv4.Verifier{Region: s.region, Service: service}
	if service == IAM && claimed.Region == globalRegion {
		v.Region = globalRegion
	}
	return v
}

// key returns a key by its id, nil if there is none or it is disabled.
func (s *Service) key(ctx context.Context, id string) (*knownKey, error) {
	now := s.now()
	known, turn := s.keys.get(id, now)
	if known != nil || checkKey(id, "any") != nil {
		return known, nil
	}
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		k, ok, err := tx.AccessKey(id)
		if err != nil || !ok || k.Disabled {
			return err
		}
		secret, err := s.seal.open(id, k.Account, k.Secret)
		if err != nil {
			return err
		}
		caller, err := callerOf(tx, k)
		known = &knownKey{caller: caller, secret: secret}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look up access key %s: %w", id, err)
	}
	if known != nil {
		s.keys.put(id, known, now, turn)
	}
	return known, nil
}

// refusal words what is wrong with a signature.
func refusal(err error) error {
	code := glacier.InvalidSignature
	switch {
	case errors.Is(err, sigv4.ErrMissing):
		code = glacier.MissingAuthenticationToken
	case errors.Is(err, sigv4.ErrIncomplete):
		code = glacier.IncompleteSignature
	}
	return &glacier.Error{Code: code, Message: err.Error()}
}
