using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Amqp;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>
/// The bytes of one connection, for AMQPNetLite. Its own transport can neither be given up in the middle of a TLS handshake nor trust an authority of its own.
/// </summary>
internal sealed class AmqpTransport(Stream stream) : IAsyncTransport, IDisposable
{
    private const int ReadBytes = 32 * 1024;

    private readonly byte[] _read = new byte[ReadBytes];
    private int _at;
    private int _end;

    /// <summary>Connects, and speaks TLS when the peer asks for it. The certificate is always checked, name included.</summary>
    public static async Task<AmqpTransport> ConnectAsync(AmqpPeer peer, CancellationToken cancellationToken)
    {
        var socket = await peer.Guard.ConnectAsync(peer.Host, peer.Port, onlyInside: !peer.Tls, cancellationToken);
        Stream? stream = null;
        try
        {
            stream = new NetworkStream(socket, ownsSocket: true);
            if (!peer.Tls)
                return new(stream);
            var tls = new SslStream(stream);
            stream = tls;
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = peer.Host, CertificateChainPolicy = Trust(peer.Authorities) }, cancellationToken);
            return new(tls);
        }
        catch
        {
            socket.Dispose();
            stream?.Dispose();
            throw;
        }
    }

    void IAsyncTransport.SetConnection(Connection connection)
    {
    }

    async Task IAsyncTransport.SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        if (bufferList.Count == 1)
        {
            await stream.WriteAsync(Bytes(bufferList[0]));
            return;
        }

        var joined = ArrayPool<byte>.Shared.Rent(listSize);
        try
        {
            var length = 0;
            foreach (var buffer in bufferList)
            {
                Bytes(buffer).CopyTo(joined.AsMemory(length));
                length += buffer.Length;
            }

            await stream.WriteAsync(joined.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(joined);
        }
    }

    /// <summary>Called by one reader at a time, first for the four bytes of each frame's length: reads ahead.</summary>
    async Task<int> IAsyncTransport.ReceiveAsync(byte[] buffer, int offset, int count)
    {
        if (_at == _end)
        {
            if (count >= ReadBytes)
                return await stream.ReadAsync(buffer.AsMemory(offset, count));
            (_at, _end) = (0, await stream.ReadAsync(_read));
        }

        var taken = Math.Min(count, _end - _at);
        _read.AsSpan(_at, taken).CopyTo(buffer.AsSpan(offset));
        _at += taken;
        return taken;
    }

    void ITransport.Send(ByteBuffer buffer) => stream.Write(Bytes(buffer).Span);

    int ITransport.Receive(byte[] buffer, int offset, int count) => throw new NotSupportedException("the asynchronous connection reads with ReceiveAsync");

    void ITransport.Close() => Dispose();

    public void Dispose() => stream.Dispose();

    private static X509ChainPolicy? Trust(X509Certificate2Collection? authorities)
    {
        if (authorities is null)
            return null;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static ReadOnlyMemory<byte> Bytes(ByteBuffer buffer) => buffer.Buffer.AsMemory(buffer.Offset, buffer.Length);
}

/// <summary>Hands AMQPNetLite the one transport that is connected already.</summary>
internal sealed class ConnectedTransport : TransportProvider
{
    private readonly IAsyncTransport _transport;

    public ConnectedTransport(IAsyncTransport transport)
    {
        _transport = transport;
        AddressSchemes = ["AMQP", "AMQPS"];
    }

    public override Task<IAsyncTransport> CreateAsync(Address address) => Task.FromResult(_transport);
}
