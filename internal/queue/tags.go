package queue

import (
	"context"
	"maps"
	"strings"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

// reservedTag begins the keys that only Amazon itself sets.
const reservedTag = "aws:"

// Tags returns the tags of a queue.
func (s *Service) Tags(ctx context.Context, owner glacier.AccountID, name string) (tags map[string]string, err error) {
	err = s.view(ctx, owner, name, func(_ *catalog.Tx, q *record.Queue) error {
		tags = q.Tags
		return nil
	})
	return tags, err
}

// Tag sets tags; a key that is there already gets the new value.
func (s *Service) Tag(ctx context.Context, owner glacier.AccountID, name string, tags map[string]string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return s.changeTags(ctx, owner, name, func(all map[string]string) error {
		maps.Copy(all, tags)
		if len(all) > maxTags {
			return refuse(InvalidParameterValue, "Too many tags added for queue %s.", name)
		}
		return nil
	})
}

// Untag removes tags. Keys that are not there are ignored.
func (s *Service) Untag(ctx context.Context, owner glacier.AccountID, name string, keys []string) error {
	return s.changeTags(ctx, owner, name, func(all map[string]string) error {
		for _, key := range keys {
			delete(all, key)
		}
		return nil
	})
}

// changeTags hands change a copy of the queue's tags and keeps what it makes of
// them.
func (s *Service) changeTags(ctx context.Context, owner glacier.AccountID, name string, change func(map[string]string) error) error {
	return s.update(ctx, owner, name, func(_ *catalog.Tx, q *record.Queue, r *record.Record) error {
		all := map[string]string{}
		maps.Copy(all, q.Tags)
		if err := change(all); err != nil {
			return err
		}
		if !maps.Equal(all, q.Tags) {
			q.Tags = all
			r.Put(q)
		}
		return nil
	})
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return refuse(InvalidParameterValue, "Too many tags: a queue has at most %d.", maxTags)
	}
	for key, value := range tags {
		switch n := utf8.RuneCountInString(key); {
		case n == 0 || n > maxTagKey || !plainText(key):
			return refuse(InvalidParameterValue, "Tag keys must be between 1 and %d characters in length.", maxTagKey)
		case strings.HasPrefix(strings.ToLower(key), reservedTag):
			return refuse(InvalidParameterValue, "Tag keys must not begin with %s.", reservedTag)
		case utf8.RuneCountInString(value) > maxTagValue || !plainText(value):
			return refuse(InvalidParameterValue, "Tag values must be between 0 and %d characters in length.", maxTagValue)
		}
	}
	return nil
}
