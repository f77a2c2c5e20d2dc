// Package topics is the console's pages about topics, their subscriptions and
// dead letters, and queues.
package topics

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	return frame.Room{Routes: map[string]frame.Route{
		"topics":           {Show: showTopics, Do: createTopic},
		"topic":            {Show: showTopic, Do: changeTopic},
		"topic-delete":     {Show: showDeleteTopic, Do: deleteTopic},
		"topic-letters":    {Show: showLetters, Do: replayLetters},
		"subscription":     {Show: showSubscription, Do: changeSubscription},
		"subscription-end": {Show: askAboutEnd, Do: unsubscribe},
		"queues":           {Show: showQueues, Do: createQueue},
		"queue":            {Show: showQueue, Do: changeQueue},
	}}
}
