package topic

import (
	"context"
	"errors"
	"maps"
	"strings"
	"unicode/utf8"

	"firn/internal/catalog"
	"firn/internal/record"
)

// Tag sets tags of a topic; a key that is there already gets the new value.
func (s *Service) Tag(ctx context.Context, arn string, tags map[string]string) error {
	n, err := s.parseTopicARN("ResourceArn", arn)
	if err != nil {
		return err
	}
	if err := checkTags(tags); err != nil {
		return err
	}
	return resourceMissing(s.changeTopic(ctx, n, func(t *record.Topic) error {
		all := maps.Clone(t.Tags)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, tags)
		t.Tags = all
		return checkTags(all)
	}))
}

// Untag removes tags of a topic. Keys that are not there are ignored.
func (s *Service) Untag(ctx context.Context, arn string, keys []string) error {
	n, err := s.parseTopicARN("ResourceArn", arn)
	if err != nil {
		return err
	}
	return resourceMissing(s.changeTopic(ctx, n, func(t *record.Topic) error {
		t.Tags = maps.Clone(t.Tags)
		for _, key := range keys {
			delete(t.Tags, key)
		}
		return nil
	}))
}

// Tags returns the tags of a topic.
func (s *Service) Tags(ctx context.Context, arn string) (tags map[string]string, err error) {
	n, err := s.parseTopicARN("ResourceArn", arn)
	if err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(tx *catalog.Tx) error {
		t, err := s.find(tx, n)
		tags = t.Tags
		return err
	})
	return tags, resourceMissing(err)
}

// resourceMissing is the refusal of an operation on tags: it has its own code
// for a topic that does not exist.
func resourceMissing(err error) error {
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Code == NotFound {
		return refuse(ResourceNotFound, "Resource does not exist")
	}
	return err
}

func checkTags(tags map[string]string) error {
	if len(tags) > MaxTags {
		return refuse(TagLimitExceeded, "Could not complete request: tag quota of %d per resource exceeded", MaxTags)
	}
	for key, value := range tags {
		n := utf8.RuneCountInString(key)
		switch {
		case n == 0 || n > maxTagKey || !utf8.ValidString(key):
			return invalid("Tags Reason: a key must be 1 to %d characters", maxTagKey)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return invalid("Tags Reason: the prefix aws: is reserved")
		case utf8.RuneCountInString(value) > maxTagValue || !utf8.ValidString(value):
			return invalid("Tags Reason: a value must be at most %d characters", maxTagValue)
		}
	}
	return nil
}
