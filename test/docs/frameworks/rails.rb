# As much of Rails and Devise as a route of the documents needs.
class ApplicationController
  Response = Struct.new(:headers)
  User = Struct.new(:customer_id)

  attr_reader :current_user, :response, :answer

  def self.before_action(name)
    (@before ||= []) << name
  end

  def self.before
    @before || []
  end

  def initialize(customer_id)
    @current_user = User.new(customer_id) if customer_id
    @response = Response.new({})
  end

  def authenticate_user!
    @answer = { status: 401 } unless current_user
  end

  def render(json:)
    headers = response.headers.transform_keys(&:downcase)
    @answer = { status: 200, headers: headers, body: json }
  end

  # What the client would see.
  def process(action)
    self.class.before.each { |name| send(name) unless answer }
    send(action) unless answer
    answer
  end
end
