aws sns subscribe --topic-arn "$TOPIC_ARN" --protocol https \
  --notification-endpoint https://gateway.example.com/integration/YOUR_32_CHARACTER_ROUTING_KEY/enqueue
