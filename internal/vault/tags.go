package vault

import (
	"context"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// reservedTagPrefix begins the keys that only Amazon itself sets.
const reservedTagPrefix = "aws:"

// AddTagsToVault sets 1 to 10 tags; a key that is there already gets the new
// value. A nil map was absent from the request.
func (s *Service) AddTagsToVault(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, tags map[string]string) error {
	if tags == nil {
		return glacier.MissingParameter("Tags")
	}
	if err := checkTagCount("tags", len(tags)); err != nil {
		return err
	}
	for key, value := range tags {
		if err := checkTag(key, value); err != nil {
			return err
		}
	}
	return s.changeTags(ctx, owner, name, func(all map[string]string) error {
		maps.Copy(all, tags)
		if len(all) > glacier.MaxTags {
			return glacier.Errorf(glacier.LimitExceeded,
				"The quota for the number of tags that can be assigned to this resource has been reached.")
		}
		return nil
	})
}

// RemoveTagsFromVault removes 1 to 10 tags. Keys that are not there are
// ignored. A nil slice was absent from the request.
func (s *Service) RemoveTagsFromVault(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, keys []string) error {
	if keys == nil {
		return glacier.MissingParameter("TagKeys")
	}
	if err := checkTagCount("tag keys", len(keys)); err != nil {
		return err
	}
	for _, key := range keys {
		if n := utf8.RuneCountInString(key); n == 0 || n > glacier.MaxTagKeyLength {
			return invalidTagKey(key)
		}
	}
	return s.changeTags(ctx, owner, name, func(all map[string]string) error {
		for _, key := range keys {
			delete(all, key)
		}
		return nil
	})
}

// ListTagsForVault returns all tags of a vault.
func (s *Service) ListTagsForVault(ctx context.Context, owner glacier.AccountID, name glacier.VaultName) (glacier.Tags, error) {
	tags := glacier.Tags{Tags: map[string]string{}}
	err := s.store.View(ctx, func(tx *catalog.Tx) error {
		v, err := s.find(tx, owner, name)
		if err != nil {
			return err
		}
		t, err := tx.Tags(v.ID)
		maps.Copy(tags.Tags, t.Tags)
		return err
	})
	return tags, err
}

// changeTags hands change a copy of the vault's tags and keeps what it makes
// of them. change may run more than once.
func (s *Service) changeTags(ctx context.Context, owner glacier.AccountID, name glacier.VaultName, change func(map[string]string) error) error {
	return s.update(ctx, func(tx *catalog.Tx) (record.Record, error) {
		var r record.Record
		v, err := s.find(tx, owner, name)
		if err != nil {
			return r, err
		}
		t, err := tx.Tags(v.ID)
		if err != nil {
			return r, err
		}
		before := t.Tags
		t.Vault, t.Tags = v.ID, map[string]string{}
		maps.Copy(t.Tags, before)
		if err := change(t.Tags); err != nil {
			return r, err
		}
		switch {
		case maps.Equal(before, t.Tags):
		case len(t.Tags) == 0:
			r.Delete(t.Key())
		default:
			r.Put(&t)
		}
		return r, nil
	})
}

func checkTagCount(what string, n int) error {
	if n >= 1 && n <= glacier.MaxTagsPerRequest {
		return nil
	}
	return glacier.Errorf(glacier.InvalidParameterValue,
		"Invalid number of %s: %d. A request must name 1 to %d.", what, n, glacier.MaxTagsPerRequest)
}

func checkTag(key, value string) error {
	if strings.HasPrefix(strings.ToLower(key), reservedTagPrefix) {
		return glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid tag key: %s. The prefix %s is reserved.", key, reservedTagPrefix)
	}
	if key == "" || !tagText(key, glacier.MaxTagKeyLength) {
		return invalidTagKey(key)
	}
	if !tagText(value, glacier.MaxTagValueLength) {
		return glacier.Errorf(glacier.InvalidParameterValue,
			"Invalid value of tag %s: it must be at most %d letters, digits, spaces or _ . / = + - @",
			key, glacier.MaxTagValueLength)
	}
	return nil
}

func invalidTagKey(key string) error {
	return glacier.Errorf(glacier.InvalidParameterValue,
		"Invalid tag key: %s. It must be 1 to %d letters, digits, spaces or _ . / = + - @", key, glacier.MaxTagKeyLength)
}

// tagText reports whether s is made of at most most characters that tags may
// have. Bytes that are no UTF-8 are none of them.
func tagText(s string, most int) bool {
	if utf8.RuneCountInString(s) > most {
		return false
	}
	for _, c := range s {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" _./=+-@", c) {
			return false
		}
	}
	return true
}
