using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Amqp;

namespace IntegrationHub.Tests.Delivery.Amqp;

public sealed class AmqpOptionsTests
{
    private const string Bus = "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=hub;SharedAccessKey=${secret:bus-key}";

    [Fact]
    public void Defaults_are_those_that_are_written_beside_them()
    {
        var options = AmqpRig.Read("{ url: amqp://broker.example, address: /amq/queue/crm }");
        Assert.Equal(
            (AmqpMode.Binary, 500, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(20)),
            (options.Mode, options.InFlight, options.Timeout, options.IdleTimeout, options.TokenLifetime));
        Assert.Equal((null, null, null), (options.User, options.Password, options.Authorities));
    }

    [Theory]
    [InlineData("{ url: amqp://broker.example, address: /amq/queue/crm }", "amqp://broker.example:5672/amq/queue/crm")]
    [InlineData("{ url: amqps://broker.example, address: queue://crm, user: hub, password: '${secret:password}' }", "amqps://broker.example:5671/queue://crm")]
    [InlineData("{ url: 'amqp://[::1]:7000', address: crm }", "amqp://::1:7000/crm")]
    [InlineData($$"""{ connectionString: "{{Bus}};EntityPath=crm" }""", "sb://acme.servicebus.windows.net/crm")]
    [InlineData($$"""{ connectionString: "{{Bus}}", entity: crm }""", "sb://acme.servicebus.windows.net/crm")]
    [InlineData("{ connectionString: '${secret:bus}', entity: crm }", "sb://${secret:bus}/crm")]
    [InlineData("{ connectionString: '${secret:bus}' }", "sb://${secret:bus}")]
    public void Target_says_where_it_leads_without_secrets(string yaml, string target) => Assert.Equal(target, AmqpRig.Read(yaml).Target);

    [Fact]
    public void Every_fault_of_a_broker_is_told_with_its_place()
    {
        Assert.Null(AmqpRig.TryRead("""
            url: http://hub:p4ss-NOT-TO-BE-SHOWN@broker.example
            entity: crm
            tokenSeconds: 5
            user: hub
            mode: both
            inFlight: 0
            timeoutSeconds: 601
            idleTimeoutSeconds: soon
            adress: crm
            """, out var faults));
        Assert.Equal("""
            hub.yaml:1:1: address: where messages go at the broker, such as /amq/queue/crm (RabbitMQ, the queue is declared) or queue://crm (ActiveMQ)
            hub.yaml:1:6: url: expected amqp://HOST:PORT, or amqps://HOST:PORT for TLS
            hub.yaml:2:9: entity: goes with 'connectionString:' (Azure Service Bus); other brokers have 'address:'
            hub.yaml:3:15: tokenSeconds: expected a whole number from 60 to 86,400, found '5'
            hub.yaml:3:15: tokenSeconds: goes with 'connectionString:' (Azure Service Bus); other brokers have 'address:'
            hub.yaml:4:7: user: 'user:' and 'password:' go together; without both the broker is asked to take us as anonymous
            hub.yaml:5:7: 'mode': 'both' is not one of binary, structured; known are binary, structured
            hub.yaml:6:11: inFlight: expected a whole number from 1 to 5,000, found '0'
            hub.yaml:7:17: timeoutSeconds: expected a whole number from 1 to 600, found '601'
            hub.yaml:8:21: idleTimeoutSeconds: expected a whole number from 5 to 3,600, found 'soon'
            hub.yaml:9:1: unknown 'adress' in amqp; did you mean 'address'?
            """, faults);
    }

    [Theory]
    [InlineData("{ mode: binary }", "hub.yaml:1:1: amqp needs either 'connectionString:' (Azure Service Bus) or 'url:' and 'address:' (any other broker)")]
    [InlineData("{ url: 'amqp://hub:p4ss-NOT-TO-BE-SHOWN@broker.example', address: crm }", "hub.yaml:1:8: url: credentials stand in 'user:' and 'password:'")]
    [InlineData("{ url: amqp://broker.example/crm, address: crm }", "hub.yaml:1:8: url: nothing follows the port; where messages go at the broker stands in 'address:'")]
    [InlineData("{ url: amqp://broker.example, address: crm, user: hub, password: p4ss-NOT-TO-BE-SHOWN }", "hub.yaml:1:66: password: a secret is given by reference: ${env:NAME}, ${file:PATH} or ${secret:NAME} (set with 'hub secrets set NAME')")]
    [InlineData("{ connectionString: 'Endpoint=sb://a/;SharedAccessKeyName=k;SharedAccessKey=p4ss-NOT-TO-BE-SHOWN', entity: crm }", "hub.yaml:1:21: connectionString: a secret is given by reference: ${env:NAME}, ${file:PATH} or ${secret:NAME} (set with 'hub secrets set NAME')")]
    [InlineData("{ connectionString: 'Endpoint=sb://a/;SharedAccessKeyName=${env:N};SharedAccessKey=p4ss-NOT-TO-BE-SHOWN', entity: crm }", "hub.yaml:1:21: connectionString: SharedAccessKey: a secret is given by reference: ${env:NAME}, ${file:PATH} or ${secret:NAME} (set with 'hub secrets set NAME')")]
    [InlineData("{ connectionString: 'Endpoint=sb://a/;SharedAccessSignature=${secret:bus}', entity: crm }", "hub.yaml:1:21: connectionString: a ready-made SharedAccessSignature cannot be renewed; give SharedAccessKeyName and SharedAccessKey")]
    [InlineData("{ connectionString: '${secret:bus}', address: crm }", "hub.yaml:1:47: address: goes with 'url:'; Azure Service Bus is described by its connection string and 'entity:'")]
    public void A_fault_is_told_with_its_place(string yaml, string fault)
    {
        Assert.Null(AmqpRig.TryRead(yaml, out var faults));
        Assert.Equal(fault, faults);
    }

    [Theory]
    [InlineData("nothing of the kind", "crm", "connectionString: expected Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY, and EntityPath=ENTITY or 'entity:'")]
    [InlineData("Endpoint=https://a/;SharedAccessKeyName=k;SharedAccessKey=s", "crm", "connectionString: expected Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY, and EntityPath=ENTITY or 'entity:'")]
    [InlineData("Endpoint=sb://a/;SharedAccessKeyName=k;SharedAccessKey=s", "", "entity: the connection string names no queue or topic (EntityPath); write 'entity: NAME'")]
    public async Task A_secret_that_is_no_connection_string_is_told_when_the_sink_is_made(string secret, string entity, string fault)
    {
        var options = AmqpRig.Read("{ connectionString: '${secret:bus}'" + (entity.Length > 0 ? $", entity: {entity} }}" : "}"));
        var thrown = await Assert.ThrowsAsync<SinkException>(() => AmqpRig.OpenAsync(options, secrets: ("${secret:bus}", secret)));
        Assert.Equal(fault, thrown.Message);
    }

    [Fact]
    public async Task Authorities_that_are_no_certificates_are_told_when_the_sink_is_made()
    {
        var options = AmqpRig.Read("{ url: amqps://broker.example, address: crm, authorities: '${secret:password}' }");
        var thrown = await Assert.ThrowsAsync<SinkException>(() => AmqpRig.OpenAsync(options));
        Assert.Equal("authorities: no certificate in PEM form (-----BEGIN CERTIFICATE-----)", thrown.Message);
    }
}
