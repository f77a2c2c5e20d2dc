package sns

import (
	"maps"
	"slices"

	"firn/internal/awsapi"
)

// A tag is one of a topic's.
type tag struct{ Key, Value string }

// The parameters and the results of actions on tags.
type (
	tagResourceInput struct {
		onResource
		Tags []tag
	}
	untagResourceInput struct {
		onResource
		TagKeys []string
	}
	listTagsForResourceInput  struct{ onResource }
	listTagsForResourceResult struct{ Tags awsapi.Members[tag] }
)

// tagsOf makes a map of tags.
func tagsOf(list []tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[t.Key]; twice {
			return nil, invalid("Tags Reason: Duplicate keys are not allowed")
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}

func tagResource(c *call, in *tagResourceInput) (any, error) {
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.topics.Tag(c.Context, in.ResourceArn, tags)
}

func untagResource(c *call, in *untagResourceInput) (any, error) {
	return struct{}{}, c.topics.Untag(c.Context, in.ResourceArn, in.TagKeys)
}

func listTagsForResource(c *call, in *listTagsForResourceInput) (any, error) {
	tags, err := c.topics.Tags(c.Context, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	var r listTagsForResourceResult
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		r.Tags.Member = append(r.Tags.Member, tag{key, tags[key]})
	}
	return r, nil
}
